-- Large files in rows of 256 KB: neither writing nor reading one takes memory by its size.
CREATE TABLE chunk(
  content INTEGER NOT NULL REFERENCES content ON DELETE CASCADE,
  n INTEGER NOT NULL,
  data BLOB NOT NULL,
  PRIMARY KEY(content, n)
) STRICT;
