//! Whole meetings in virtual time: clients that check, shake hands and encrypt, against one engine.
