-- What lasts long, as series do, is looked at by every search by time, wherever it lies in the table: what such a search reads
-- of it lies together here.
CREATE INDEX object_long ON object(collection, kind, bucket, first, last, indexed, series) WHERE bucket>=5;
