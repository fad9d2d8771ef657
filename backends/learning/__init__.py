"""Learning: tasks with data, network, loss and validation, and the loop that trains them; torch and numpy alone."""
