"""What a service must stand: each drill starts it, does that to it, and checks what was found against the bounds."""
