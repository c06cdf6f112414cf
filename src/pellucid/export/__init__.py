"""Networks for elsewhere: written in another format, with the proof that they answer there as they do here."""
