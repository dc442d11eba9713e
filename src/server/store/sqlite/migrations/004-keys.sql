-- SPDX-License-Identifier: GPL-3.0-or-later
-- Members and read markers belong to a user's key: "Ana" and "ana" are one. chat_skeleton () is the key of a name, and
-- chat-sqlite-migrations.c gives it to the migrations. Whoever is there under several spellings stays under one, and has
-- read as far as the furthest of them.

CREATE TABLE members_by_key (
  channel  INTEGER NOT NULL REFERENCES channels (number),
  user_key TEXT NOT NULL,
  user     TEXT NOT NULL, -- as it was first given
  PRIMARY KEY (channel, user_key)
) STRICT, WITHOUT ROWID;
INSERT INTO members_by_key SELECT channel, chat_skeleton (user), min (user) FROM members GROUP BY 1, 2;
DROP TABLE members;
ALTER TABLE members_by_key RENAME TO members;
CREATE INDEX members_user ON members (user_key);

CREATE TABLE read_markers_by_key (
  channel  INTEGER NOT NULL REFERENCES channels (number),
  user_key TEXT NOT NULL,
  seq      INTEGER NOT NULL,
  PRIMARY KEY (channel, user_key)
) STRICT, WITHOUT ROWID;
INSERT INTO read_markers_by_key SELECT channel, chat_skeleton (user), max (seq) FROM read_markers GROUP BY 1, 2;
DROP TABLE read_markers;
ALTER TABLE read_markers_by_key RENAME TO read_markers;
