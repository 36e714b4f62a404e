"""What a signed-in person sees and does; the dashboard and the API share it."""
