"""The Explore page: any field of the catalogue on a map, through time, levels and members, with series at places."""
