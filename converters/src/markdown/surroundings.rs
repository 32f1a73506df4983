//! Where a run of inline text stands.

/// What surrounds the run: decides about line breaks and which marks count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Surroundings {
    #[default]
    Block,
    Heading,
    Cell,
    /// A cell that may come to stand at the beginning of a line, within HTML.
    BlockCell,
}

impl Surroundings {
    pub(super) fn is_cell(self) -> bool {
        matches!(self, Self::Cell | Self::BlockCell)
    }

    /// Tells whether block marks count where the run begins.
    pub(super) fn begins_line(self) -> bool {
        matches!(self, Self::Block | Self::BlockCell)
    }
}
