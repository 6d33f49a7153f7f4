/** What a server does for its record by itself: signed checkpoints of the audit log. */
@NullMarked
package dev.hufu.server.maintenance;

import org.jspecify.annotations.NullMarked;
