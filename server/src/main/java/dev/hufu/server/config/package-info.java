/** What a server is told: one record for each concern, read from a file and from the command line. */
@NullMarked
package dev.hufu.server.config;

import org.jspecify.annotations.NullMarked;
