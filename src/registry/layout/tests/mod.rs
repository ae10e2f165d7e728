//! What layouts say and what is believed of it.

mod hostile;
mod made;
mod push;
mod read;
