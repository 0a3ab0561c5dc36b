//! The one-machine mode as its user starts it: the `relay` command, real sockets, real files.
