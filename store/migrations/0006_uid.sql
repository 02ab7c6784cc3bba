-- A search by UID is for a part of it, with or without regard to case (RFC 4791 §9.7.5): the same stand together, and only longer ones can have it as a part.
CREATE INDEX object_part ON object(collection, length(uid), uid COLLATE NOCASE) WHERE uid IS NOT NULL;
