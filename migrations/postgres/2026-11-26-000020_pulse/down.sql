DROP TABLE callboard.pulse;
