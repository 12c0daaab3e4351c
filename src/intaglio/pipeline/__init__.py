"""From pictures to payloads and back: model, encoder with its searches, decoder."""
