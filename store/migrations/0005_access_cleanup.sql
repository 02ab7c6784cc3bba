-- Entries on single objects go with them: a purge removes thousands in one statement.
CREATE TRIGGER object_removed AFTER DELETE ON object BEGIN DELETE FROM ace WHERE collection=old.collection AND object=old.id; END;
CREATE TRIGGER object_moved AFTER UPDATE OF collection ON object WHEN new.collection<>old.collection
  BEGIN UPDATE ace SET collection=new.collection WHERE collection=old.collection AND object=old.id; END;
CREATE INDEX attempt_until ON attempt(until); -- what is long over is forgotten
