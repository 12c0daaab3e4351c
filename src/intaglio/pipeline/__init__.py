"""From pictures to payloads and back."""
