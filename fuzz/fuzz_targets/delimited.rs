#![no_main]

docferry_fuzz::converter!("csv");
