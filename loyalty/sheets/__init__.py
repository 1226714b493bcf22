"""Tables as files: reading what people upload, writing what they download. No models, no Django."""
