"""Is a generated file what the portal wrote, and which publication is it? Pure."""
