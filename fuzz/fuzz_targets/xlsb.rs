#![no_main]

docferry_fuzz::converter!("xlsb");
