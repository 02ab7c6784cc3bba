-- One index does what two did: it finds what has a UID, whatever the case of its letters, and what has a longer one. That a UID is in a
-- collection once is seen to by triggers: an index that is UNIQUE without and sorted by NOCASE would hold each UID twice.
DROP INDEX object_part;
DROP INDEX object_uid;
CREATE INDEX object_uid ON object(collection, length(uid), uid COLLATE NOCASE) WHERE uid IS NOT NULL;
CREATE TRIGGER object_uid_new BEFORE INSERT ON object
  WHEN EXISTS(SELECT 1 FROM object WHERE collection=new.collection AND length(uid)=length(new.uid) AND uid=new.uid COLLATE NOCASE AND +uid=new.uid)
  BEGIN SELECT raise(ABORT, 'a UID is in a collection once'); END;
CREATE TRIGGER object_uid_changed BEFORE UPDATE OF uid, collection ON object
  WHEN EXISTS(SELECT 1 FROM object WHERE collection=new.collection AND length(uid)=length(new.uid) AND uid=new.uid COLLATE NOCASE AND +uid=new.uid AND id<>new.id)
  BEGIN SELECT raise(ABORT, 'a UID is in a collection once'); END;
