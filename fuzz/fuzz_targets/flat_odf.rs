#![no_main]

docferry_fuzz::converter!("flat-odf");
