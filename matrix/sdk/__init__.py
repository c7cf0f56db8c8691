"""An SDK as a channel: catalogue and index facts go in, parts come out."""
