/* Logins in texts that reach a terminal or a log are masked, wherever the text comes from.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "pipelines/watch/credentials.h"

#include <string.h>

static const char *const texts[][2] = {
    {"", ""},
    {"no address", "no address"},
    {"rtsp://cam/live", "rtsp://cam/live"},
    {"to rtsp://joe:s3cr3t@cam/live, which", "to rtsp://***@cam/live, which"},
    {"rtsp://joe:s3@cr3t@cam/ http://a@b", "rtsp://***@cam/ http://***@b"},
    {"http://cam/a?user=joe&pass=s3cr3t end", "http://cam/a?*** end"},
    {"http://joe:x?y@cam/a?b?c\nnext?", "http://***@cam/a?***\nnext?"},
    {"a@b?c", "a@b?c"},
    {"the login pa$$ in pa$$pa$$", "the login *** in ******"},
    {"://@?", "://***@?***"},
    {"bytes \xff\xfe http://\x80@\xff", "bytes \xff\xfe http://***@\xff"},
};

/* A server's text of any size and form takes no longer than its length. */
static void check_long_texts(void)
{
    static const char *const parts[] = {"://", "a", "pa$$", "@", "?", "://a@", " ", "$"};
    const WatchCredentials credentials = {(char *)"joe", (char *)"a"};

    for (guint i = 0; i < G_N_ELEMENTS(parts); i++) {
        g_autoptr(GString) text = g_string_new(NULL);
        g_autofree char *masked = NULL;

        while (text->len < 4000000)
            g_string_append(text, parts[i]);
        masked = watch_credentials_mask(&credentials, text->str);
        if (strchr(masked, 'a'))
            g_error("a password is not masked in a long text of '%s'", parts[i]);
    }
}

int main(void)
{
    const WatchCredentials credentials = {(char *)"joe", (char *)"pa$$"};

    for (guint i = 0; i < G_N_ELEMENTS(texts); i++) {
        g_autofree char *masked = watch_credentials_mask(&credentials, texts[i][0]);

        if (strcmp(masked, texts[i][1]) != 0)
            g_error("'%s' is masked as '%s', expected '%s'", texts[i][0], masked, texts[i][1]);
    }
    check_long_texts();
    return 0;
}
