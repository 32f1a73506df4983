#![no_main]

docferry_fuzz::converter!("plain-text");
