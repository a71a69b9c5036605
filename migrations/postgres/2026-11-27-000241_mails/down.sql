DROP TABLE callboard.mails;
