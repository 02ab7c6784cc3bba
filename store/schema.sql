-- The schema as the migrations leave it, for reading; written by: go test ./store -update
CREATE TABLE state(                  -- one row; the first SELECT of every transaction
  id INTEGER PRIMARY KEY CHECK(id=1),
  compat INTEGER NOT NULL,           -- the oldest program that may still use the file
  access INTEGER NOT NULL,           -- raised by the triggers below: caches of rights are keyed by it
  pruned INTEGER NOT NULL            -- revision up to which the change log has been cut
) STRICT;
CREATE TABLE principal(
  id INTEGER PRIMARY KEY AUTOINCREMENT, -- never used twice: the change log names it
  kind INTEGER NOT NULL,
  name TEXT NOT NULL,
  owner INTEGER REFERENCES principal ON DELETE CASCADE, -- of a proxy group: delegation is membership of it, nothing else
  display TEXT NOT NULL DEFAULT '',
  claims BLOB,                       -- hash of the login's name, mail, groups: equal means that the login writes nothing
  settings TEXT NOT NULL DEFAULT '{}',
  bytes INTEGER NOT NULL DEFAULT 0,  -- of all live objects
  quota INTEGER,
  disabled INTEGER NOT NULL DEFAULT 0,
  UNIQUE(kind, name)
) STRICT;
CREATE INDEX principal_owner ON principal(owner) WHERE owner IS NOT NULL;
CREATE TABLE address(
  address TEXT PRIMARY KEY,
  principal INTEGER NOT NULL REFERENCES principal ON DELETE CASCADE,
  rank INTEGER NOT NULL              -- 0 is the preferred one
) STRICT, WITHOUT ROWID;
CREATE INDEX address_principal ON address(principal, rank);
CREATE TABLE member(
  member INTEGER NOT NULL REFERENCES principal ON DELETE CASCADE,
  grp INTEGER NOT NULL REFERENCES principal ON DELETE CASCADE,
  source INTEGER NOT NULL,           -- by hand, htgroup, login: each refreshes its own
  PRIMARY KEY(member, grp, source)
) STRICT, WITHOUT ROWID;
CREATE INDEX member_grp ON member(grp);
CREATE TABLE collection(
  id INTEGER PRIMARY KEY,            -- revision of its first change row, so never used twice
  parent INTEGER REFERENCES collection,
  owner INTEGER NOT NULL REFERENCES principal,
  kind INTEGER NOT NULL,
  name TEXT NOT NULL,
  target INTEGER REFERENCES collection, -- an accepted share: a row in the sharee's home that points at the shared one
  level INTEGER NOT NULL DEFAULT 0,
  viewed INTEGER NOT NULL DEFAULT 0, -- revision when level last changed
  rev INTEGER NOT NULL,              -- last change of a member: getctag, sync-token
  own INTEGER NOT NULL,              -- last change of its own properties
  config INTEGER NOT NULL DEFAULT 0, -- +1 when something changes that objects are checked or indexed by
  components INTEGER NOT NULL DEFAULT 0,
  display TEXT,
  description TEXT,
  color TEXT,
  ord INTEGER,
  transp INTEGER NOT NULL DEFAULT 0,
  timezone TEXT,
  objects INTEGER NOT NULL DEFAULT 0,
  bytes INTEGER NOT NULL DEFAULT 0,
  created INTEGER NOT NULL,
  modified INTEGER NOT NULL,
  deleted INTEGER NOT NULL DEFAULT 0 -- when; a job empties it
, chosen INTEGER) STRICT;
CREATE UNIQUE INDEX collection_name ON collection(parent, name) WHERE deleted=0;
CREATE UNIQUE INDEX collection_root ON collection(owner, kind) WHERE parent IS NULL AND deleted=0;
CREATE UNIQUE INDEX collection_target ON collection(target, owner) WHERE target IS NOT NULL AND deleted=0;
CREATE INDEX collection_deleted ON collection(deleted) WHERE deleted<>0;
CREATE INDEX collection_parent ON collection(parent);
CREATE INDEX collection_owner ON collection(owner);
CREATE INDEX collection_to ON collection(target);
CREATE TABLE body(                   -- as sent, immutable; one owner: an object row, then the change row that replaced it
  id INTEGER PRIMARY KEY,
  data BLOB NOT NULL
) STRICT;
CREATE TABLE content(                -- big files and attachments, named by hash; their chunks come with the first user
  id INTEGER PRIMARY KEY,
  hash BLOB NOT NULL UNIQUE,
  size INTEGER NOT NULL
) STRICT;
CREATE TABLE object(
  id INTEGER PRIMARY KEY,            -- revision of its first change row, so never used twice: DAV:resource-id
  collection INTEGER NOT NULL REFERENCES collection,
  name TEXT NOT NULL,
  uid TEXT,
  kind INTEGER NOT NULL,
  flags INTEGER NOT NULL,
  etag BLOB NOT NULL,
  size INTEGER NOT NULL,
  modified INTEGER NOT NULL,
  created INTEGER NOT NULL,
  rev INTEGER NOT NULL,
  stag TEXT,
  media TEXT,
  body INTEGER REFERENCES body,
  content INTEGER REFERENCES content,
  indexed INTEGER NOT NULL,          -- version of the columns below: a row of another version is always a candidate
  bucket INTEGER NOT NULL,           -- ceil(log2 days) of the length, 99 when endless
  first INTEGER NOT NULL,
  last INTEGER NOT NULL,
  series BLOB                        -- last column, so that listings never reach it
) STRICT;
CREATE UNIQUE INDEX object_name ON object(collection, name);
CREATE INDEX object_rev ON object(collection, rev);
CREATE INDEX object_time ON object(collection, kind, bucket, first, last);
CREATE INDEX object_indexed ON object(collection, indexed);
CREATE INDEX object_body ON object(body);
CREATE INDEX object_content ON object(content) WHERE content IS NOT NULL;
CREATE TABLE agent(
  id INTEGER PRIMARY KEY,
  text TEXT NOT NULL UNIQUE
) STRICT;
CREATE TABLE change(
  rev INTEGER PRIMARY KEY AUTOINCREMENT, -- one counter for the file: homes and shares need one number
  collection INTEGER NOT NULL,       -- 0 when the collection has been purged: its revisions stay, tokens of the home name them
  object INTEGER,
  name TEXT,                         -- only of what is gone, and of child collections
  tag INTEGER NOT NULL,              -- random, part of the token
  at INTEGER NOT NULL,
  who INTEGER,
  agent INTEGER,
  body INTEGER                       -- what this replaced or removed: history and undo; NULL when purged
, hides INTEGER NOT NULL DEFAULT 0, aces TEXT) STRICT;
CREATE INDEX change_sync ON change(collection, rev);
CREATE INDEX change_gone ON change(collection, rev, name) WHERE name IS NOT NULL;
CREATE INDEX change_name ON change(collection, name, rev) WHERE name IS NOT NULL;
CREATE INDEX change_old ON change(at) WHERE body IS NOT NULL;
CREATE TABLE property(
  id INTEGER PRIMARY KEY,
  collection INTEGER NOT NULL REFERENCES collection ON DELETE CASCADE,
  object INTEGER REFERENCES object ON DELETE CASCADE,
  space TEXT NOT NULL,
  name TEXT NOT NULL,
  xml TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX property_key ON property(collection, ifnull(object,0), space, name);
CREATE INDEX property_object ON property(object) WHERE object IS NOT NULL;
CREATE TABLE job(
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  kind TEXT NOT NULL,
  key TEXT NOT NULL,
  payload BLOB NOT NULL,
  due INTEGER NOT NULL,              -- 1<<62: done, kept for its fate
  holder INTEGER,
  lease INTEGER NOT NULL DEFAULT 0,
  tries INTEGER NOT NULL DEFAULT 0,
  fate TEXT NOT NULL DEFAULT '',
  UNIQUE(kind, key)
) STRICT;
CREATE INDEX job_due ON job(due);
CREATE TRIGGER access_member_added AFTER INSERT ON member BEGIN UPDATE state SET access=access+1; END;
CREATE TRIGGER access_member_removed AFTER DELETE ON member BEGIN UPDATE state SET access=access+1; END;
CREATE TRIGGER access_principal AFTER UPDATE OF disabled ON principal WHEN new.disabled<>old.disabled BEGIN UPDATE state SET access=access+1; END;
CREATE TRIGGER access_principal_removed AFTER DELETE ON principal BEGIN UPDATE state SET access=access+1; END;
CREATE TRIGGER access_collection AFTER UPDATE OF parent, owner, target, level, deleted ON collection
  WHEN new.parent IS NOT old.parent OR new.owner<>old.owner OR new.target IS NOT old.target OR new.level<>old.level OR new.deleted<>old.deleted
  BEGIN UPDATE state SET access=access+1; END;
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
CREATE INDEX lock_expires ON lock(expires);
CREATE INDEX lock_principal ON lock(principal);
CREATE TABLE chunk(
  content INTEGER NOT NULL REFERENCES content ON DELETE CASCADE,
  n INTEGER NOT NULL,
  data BLOB NOT NULL,
  PRIMARY KEY(content, n)
) STRICT;
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
CREATE TRIGGER access_ace_added AFTER INSERT ON ace BEGIN UPDATE state SET access=access+1; END;
CREATE TRIGGER access_ace_changed AFTER UPDATE ON ace BEGIN UPDATE state SET access=access+1; END;
CREATE TRIGGER access_ace_removed AFTER DELETE ON ace BEGIN UPDATE state SET access=access+1; END;
CREATE TRIGGER access_share_added AFTER INSERT ON share BEGIN UPDATE state SET access=access+1; END;
CREATE TRIGGER access_share_changed AFTER UPDATE ON share BEGIN UPDATE state SET access=access+1; END;
CREATE TRIGGER access_share_removed AFTER DELETE ON share BEGIN UPDATE state SET access=access+1; END;
CREATE TRIGGER object_removed AFTER DELETE ON object BEGIN DELETE FROM ace WHERE collection=old.collection AND object=old.id; END;
CREATE TRIGGER object_moved AFTER UPDATE OF collection ON object WHEN new.collection<>old.collection
  BEGIN UPDATE ace SET collection=new.collection WHERE collection=old.collection AND object=old.id; END;
CREATE INDEX attempt_until ON attempt(until);
CREATE INDEX object_long ON object(collection, kind, bucket, first, last, indexed, series) WHERE bucket>=5;
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
CREATE INDEX object_uid ON object(collection, length(uid), uid COLLATE NOCASE) WHERE uid IS NOT NULL;
CREATE TRIGGER object_uid_new BEFORE INSERT ON object
  WHEN EXISTS(SELECT 1 FROM object WHERE collection=new.collection AND length(uid)=length(new.uid) AND uid=new.uid COLLATE NOCASE AND +uid=new.uid)
  BEGIN SELECT raise(ABORT, 'a UID is in a collection once'); END;
CREATE TRIGGER object_uid_changed BEFORE UPDATE OF uid, collection ON object
  WHEN EXISTS(SELECT 1 FROM object WHERE collection=new.collection AND length(uid)=length(new.uid) AND uid=new.uid COLLATE NOCASE AND +uid=new.uid AND id<>new.id)
  BEGIN SELECT raise(ABORT, 'a UID is in a collection once'); END;
CREATE INDEX share_unknown ON share(address) WHERE sharee IS NULL;
