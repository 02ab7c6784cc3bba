-- Write locks: RFC 4918 §6, §7.

CREATE TABLE lock(
  token TEXT PRIMARY KEY,
  collection INTEGER NOT NULL REFERENCES collection ON DELETE CASCADE,
  name TEXT NOT NULL,                -- of a member, whether it is there or not; '': the collection itself
  deep INTEGER NOT NULL,             -- Depth: infinity
  shared INTEGER NOT NULL,
  owner TEXT NOT NULL,               -- DAV:owner, as the client sent it
  principal INTEGER NOT NULL REFERENCES principal ON DELETE CASCADE, -- who may use it
  expires INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX lock_at ON lock(collection, name);
CREATE INDEX lock_expires ON lock(expires); -- is there any; which are to be swept
CREATE INDEX lock_principal ON lock(principal);
