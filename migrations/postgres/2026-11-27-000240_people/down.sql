DROP TABLE callboard.empty_seats;
