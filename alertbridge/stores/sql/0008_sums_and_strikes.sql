-- What decides who is called, summed up when it was written (CRC-32): a bit that flips
-- on a disk must not send a page to a stranger. The functions are alertbridge's own.
ALTER TABLE notification ADD COLUMN sum INTEGER;
ALTER TABLE notification ADD COLUMN numbers_sum INTEGER;
ALTER TABLE message ADD COLUMN sum INTEGER;
UPDATE notification SET sum = sum_of_notification(episode, kind, round, recipient),
  numbers_sum = sum_of_numbers(numbers);
UPDATE message SET sum = sum_of_message(submission, recipient, number,
  (SELECT s.body FROM submission s WHERE s.reference = message.submission));

-- How often in a row the process did not survive composing or sending it.
ALTER TABLE notification ADD COLUMN strikes INTEGER NOT NULL DEFAULT 0;
CREATE INDEX notification_struck ON notification (strikes) WHERE strikes > 0;

-- What an operator has to release, out of a restored copy.
CREATE INDEX notification_restored ON notification (id) WHERE reason = 'restored';
