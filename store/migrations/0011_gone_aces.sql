ALTER TABLE change ADD COLUMN aces TEXT; -- of an object that went: the access control entries that stood on it, if any
