/** The certificate and key that connections are encrypted with, and their change while the server runs. */
@NullMarked
package dev.hufu.server.tls;

import org.jspecify.annotations.NullMarked;
