<?php
// WordPress without a browser: `install`, or `import FILE`, which takes an RSS file item by item through WordPress's own
// feed reader and its own function that publishes. Prints what `import` did as JSON.
[, $what] = $argv;
$_SERVER['HTTP_HOST'] = 'wordpress.example';
$_SERVER['SERVER_NAME'] = 'wordpress.example';
$_SERVER['REQUEST_METHOD'] = 'GET';
$_SERVER['REQUEST_URI'] = '/';
define('ABSPATH', '/usr/share/wordpress/');
define('WP_USE_THEMES', false);
if ($what === 'install') {
    define('WP_INSTALLING', true);
}
define('DB_NAME', 'wordpress');
define('DB_USER', 'root');
define('DB_PASSWORD', '');
define('DB_HOST', 'localhost:' . getenv('WORDPRESS_SOCKET'));
define('DB_CHARSET', 'utf8mb4');
define('DB_COLLATE', '');
define('DISABLE_WP_CRON', true);
define('WP_HTTP_BLOCK_EXTERNAL', true);
foreach (['AUTH', 'SECURE_AUTH', 'LOGGED_IN', 'NONCE'] as $name) {
    define($name . '_KEY', str_repeat('k', 32));
    define($name . '_SALT', str_repeat('s', 32));
}
$table_prefix = 'wp_';
// Nobody is written to.
function wp_mail() {
    return true;
}
require ABSPATH . 'wp-settings.php';

if ($what === 'install') {
    require_once ABSPATH . 'wp-admin/includes/upgrade.php';
    wp_install('The Daily Example', 'editor', 'editor@daily.example', true, '', 'not-a-secret');
    exit(0);
}

require_once ABSPATH . WPINC . '/class-simplepie.php';
wp_set_current_user(1);
$start = microtime(true);
$feed = new SimplePie();
$feed->enable_cache(false);
$feed->set_raw_data(file_get_contents($argv[2]));
if (!$feed->init()) {
    fwrite(STDERR, "the feed could not be read: " . $feed->error() . "\n");
    exit(1);
}
foreach ($feed->get_items() as $item) {
    $known = get_posts(['meta_key' => 'guid', 'meta_value' => $item->get_id(), 'fields' => 'ids']);
    if ($known) {
        continue;
    }
    $made = wp_insert_post([
        'post_title' => $item->get_title(),
        'post_content' => $item->get_content(),
        'post_date_gmt' => $item->get_gmdate('Y-m-d H:i:s'),
        'post_status' => 'publish',
        'meta_input' => ['guid' => $item->get_id()],
    ], true);
    if (is_wp_error($made)) {
        fwrite(STDERR, $made->get_error_message() . "\n");
        exit(1);
    }
}
$wall = microtime(true) - $start;
$used = getrusage();
$cpu = $used['ru_utime.tv_sec'] + $used['ru_stime.tv_sec'] + ($used['ru_utime.tv_usec'] + $used['ru_stime.tv_usec']) / 1e6;
$live = (int) wp_count_posts()->publish;
echo json_encode(['wall' => $wall, 'cpu' => $cpu, 'live' => $live, 'version' => get_bloginfo('version')]), "\n";
