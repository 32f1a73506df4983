//! Flags of the limits. A conversion that reaches a limit names its flag; none cuts silently.
//!
//! The defaults in the texts are checked against the table of settings by a test.

use clap::Args;

use super::value;
use crate::config::{Overrides, Size, Span};

macro_rules! limit_args {
    ($($(#[doc = $doc:literal])+ $flag:ident: $type:ty;)+) => {
        /// Bounds of conversions.
        #[derive(Debug, Clone, Args)]
        #[command(next_help_heading = "Limits")]
        pub struct LimitArgs {
            $($(#[doc = $doc])+
            #[arg(long, value_name = "N", value_parser = value::<$type>, hide_short_help = true)]
            pub $flag: Option<$type>,)+
        }

        impl LimitArgs {
            pub(super) fn lay(&self, overrides: &mut Overrides) {
                $(overrides.layer.limits.$flag = self.$flag;)+
            }
        }
    };
}

limit_args! {
    /// The largest document that is converted [default: 512MiB]
    max_convert_size: Size;
    /// The longest time of one conversion [default: 2m]
    convert_timeout: Span;
    /// Memory that a process that converts may reserve [default: 1GiB]
    worker_memory: Size;
    /// Entries of a ZIP package [default: 10000]
    max_zip_entries: u64;
    /// Inflated size of one part [default: 4GiB]
    max_part_size: Size;
    /// Inflated size of all parts [default: 8GiB]
    max_inflated_size: Size;
    /// Inflated bytes for each compressed byte [default: 200]
    max_ratio: u64;
    /// Nesting of XML elements [default: 256]
    max_xml_depth: u64;
    /// Attributes of one XML element [default: 1024]
    max_xml_attributes: u64;
    /// Size of one XML tag [default: 1MiB]
    max_xml_tag_size: Size;
    /// Nesting of tables [default: 64]
    max_table_depth: u64;
    /// Sheets of a workbook [default: 1024]
    max_sheets: u64;
    /// Cells of a workbook [default: 100000000]
    max_cells: u64;
    /// Memory for look-ups of one conversion [default: 192MiB]
    max_resident_size: Size;
    /// Size of all outputs of one input [default: 4GiB]
    max_output_size: Size;
    /// Output bytes for each input byte [default: 100]
    max_output_ratio: u64;
}
