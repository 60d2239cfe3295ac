"""Facts that people enter, read with two times, and the obligations' standing that follows from them."""
