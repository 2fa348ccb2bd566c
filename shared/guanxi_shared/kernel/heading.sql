-- Who heads others, of those who see them.
ALTER TABLE directory_users ADD COLUMN heads BOOLEAN DEFAULT false NOT NULL;
