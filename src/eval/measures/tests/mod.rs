mod definitions;
mod files;
mod names;
mod stored;
