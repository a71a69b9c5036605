DROP TABLE callboard.commands;
