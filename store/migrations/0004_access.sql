CREATE TABLE share(                  -- an invitation to a collection; an accepted one has a collection row in the sharee's home that points at it
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  uid TEXT NOT NULL UNIQUE,          -- what clients call it
  collection INTEGER NOT NULL REFERENCES collection ON DELETE CASCADE,
  address TEXT NOT NULL,             -- of whom: as the owner wrote it, in its normal form
  sharee INTEGER REFERENCES principal ON DELETE CASCADE, -- a user or a group; NULL: nobody here has the address
  via INTEGER REFERENCES share ON DELETE CASCADE, -- the share with a group that this member has it by: it follows the membership
  level INTEGER NOT NULL,
  status INTEGER NOT NULL,
  summary TEXT NOT NULL DEFAULT '',
  comment TEXT NOT NULL DEFAULT '',
  at INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX share_address ON share(collection, address, ifnull(via, 0));
CREATE INDEX share_sharee ON share(sharee, status);
CREATE INDEX share_via ON share(via) WHERE via IS NOT NULL;
CREATE TABLE ace(                    -- access control entries, in their order
  collection INTEGER NOT NULL REFERENCES collection ON DELETE CASCADE,
  object INTEGER NOT NULL DEFAULT 0, -- 0: the collection's own
  position INTEGER NOT NULL,
  subject INTEGER NOT NULL,          -- a principal, or one of the words all, authenticated, self …
  who INTEGER REFERENCES principal ON DELETE CASCADE,
  invert INTEGER NOT NULL,
  allow INTEGER NOT NULL,            -- bits of dav/privilege; of allow and deny one is 0
  deny INTEGER NOT NULL,
  view INTEGER NOT NULL DEFAULT 0,   -- how much of an object is seen; 0: all of it
  share INTEGER REFERENCES share ON DELETE CASCADE, -- the share that it comes from
  PRIMARY KEY(collection, object, position)
) STRICT, WITHOUT ROWID;
CREATE INDEX ace_who ON ace(who);
CREATE INDEX ace_share ON ace(share) WHERE share IS NOT NULL;
CREATE TABLE overlay(                -- a sharee's own alarms on an object of somebody else
  object INTEGER NOT NULL REFERENCES object ON DELETE CASCADE,
  principal INTEGER NOT NULL REFERENCES principal ON DELETE CASCADE,
  alarms BLOB NOT NULL,
  etag BLOB NOT NULL,
  PRIMARY KEY(object, principal)
) STRICT, WITHOUT ROWID;
CREATE INDEX overlay_principal ON overlay(principal);
CREATE TABLE token(                  -- passwords of one device, secret addresses
  hash BLOB PRIMARY KEY,
  kind INTEGER NOT NULL,
  principal INTEGER NOT NULL REFERENCES principal ON DELETE CASCADE,
  collection INTEGER REFERENCES collection ON DELETE CASCADE,
  name TEXT NOT NULL,
  created INTEGER NOT NULL,
  expires INTEGER NOT NULL,          -- 1<<62: never
  used INTEGER NOT NULL              -- written once an hour at most
) STRICT, WITHOUT ROWID;
CREATE INDEX token_principal ON token(principal, name);
CREATE INDEX token_collection ON token(collection);
CREATE TABLE attempt(                -- failed logins; nothing is written for one that succeeds
  key TEXT PRIMARY KEY,
  count INTEGER NOT NULL,
  until INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
ALTER TABLE change ADD COLUMN hides INTEGER NOT NULL DEFAULT 0; -- 1: the change took the member out of somebody's sight
CREATE TRIGGER access_ace_added AFTER INSERT ON ace BEGIN UPDATE state SET access=access+1; END;
CREATE TRIGGER access_ace_changed AFTER UPDATE ON ace BEGIN UPDATE state SET access=access+1; END;
CREATE TRIGGER access_ace_removed AFTER DELETE ON ace BEGIN UPDATE state SET access=access+1; END;
CREATE TRIGGER access_share_added AFTER INSERT ON share BEGIN UPDATE state SET access=access+1; END;
CREATE TRIGGER access_share_changed AFTER UPDATE ON share BEGIN UPDATE state SET access=access+1; END;
CREATE TRIGGER access_share_removed AFTER DELETE ON share BEGIN UPDATE state SET access=access+1; END;
