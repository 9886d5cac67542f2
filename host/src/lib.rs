//! Cofferdam.
