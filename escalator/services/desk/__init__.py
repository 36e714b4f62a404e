"""What somebody who is signed in sees and does: the use cases behind the dashboard and the API."""
