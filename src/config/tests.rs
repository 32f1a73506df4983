//! Rules of settings, each with a case.
