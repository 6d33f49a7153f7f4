/** What is printed for a reader: tables, pages and text that cannot steer a terminal. Pure. */
@NullMarked
package dev.hufu.cli.page;

import org.jspecify.annotations.NullMarked;
