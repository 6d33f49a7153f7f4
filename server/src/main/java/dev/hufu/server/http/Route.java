package dev.hufu.server.http;

import dev.hufu.server.auth.Permission;

/** A method on a path, with what it asks of its caller. {@code GET} answers {@code HEAD} too. */
record Route(String method, String path, Permission permission, Action action) {}
