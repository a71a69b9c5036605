DROP TABLE empty_seats;
