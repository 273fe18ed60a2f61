"""What others do with as much work, each a process of its own."""
