/** {@code hufu audit}: a program of its own that verifies and exports the audit log, with a server or without. */
@NullMarked
package dev.hufu.server.auditor;

import org.jspecify.annotations.NullMarked;
