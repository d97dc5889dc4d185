//! wordpiece
