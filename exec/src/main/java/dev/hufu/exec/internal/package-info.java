/** The native launcher seen from Java: its protocol, its process, its attempt files. */
@NullMarked
package dev.hufu.exec.internal;

import org.jspecify.annotations.NullMarked;
