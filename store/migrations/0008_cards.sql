CREATE TABLE card(                   -- what address objects are found by: a prefix by a range, a part by reading one property of one book
  collection INTEGER NOT NULL REFERENCES collection ON DELETE CASCADE,
  prop INTEGER NOT NULL,             -- which property; 0: the object has to be read
  value TEXT NOT NULL,               -- folded
  object INTEGER NOT NULL REFERENCES object ON DELETE CASCADE,
  PRIMARY KEY(collection, prop, value, object)
) STRICT, WITHOUT ROWID;
CREATE INDEX card_object ON card(object);
CREATE TRIGGER card_moved AFTER UPDATE OF collection ON object WHEN new.collection<>old.collection
  BEGIN UPDATE card SET collection=new.collection WHERE object=old.id; END;
ALTER TABLE collection ADD COLUMN chosen INTEGER; -- of a home: the collection that new things go into; NULL, or one that is gone: the oldest
