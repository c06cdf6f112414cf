/* The layers in C99, as `c_source` puts those into a file that a network has. Maps have the channels last. */

typedef struct {
    int height, width, channels;               /* of what is taken */
    int out_height, out_width, filters;        /* of what is given */
    int rows, columns, down, right, top, left; /* of the window: size, stride, margin */
} Window;

static void scale(const uint8_t *image, float *out) {
    for (int n = 0; n < HEIGHT * WIDTH * CHANNELS; n++) out[n] = image[n] / 255.0f;
}

/* The image as a view has it: m tells where it is looked at, from -1 to 1 from edge to edge; beyond it all is black. */
static void look(const uint8_t *image, float *out, const float *m) {
    for (int y = 0; y < HEIGHT; y++)
        for (int x = 0; x < WIDTH; x++, out += CHANNELS) {
            float u = (2 * x + 1.0f) / WIDTH - 1.0f, v = (2 * y + 1.0f) / HEIGHT - 1.0f;
            float column = ((m[0] * u + m[1] * v + m[2] + 1.0f) * WIDTH - 1.0f) / 2.0f;
            float row = ((m[3] * u + m[4] * v + m[5] + 1.0f) * HEIGHT - 1.0f) / 2.0f;
            int left = (int)floorf(column), top = (int)floorf(row);
            for (int c = 0; c < CHANNELS; c++) out[c] = 0.0f;
            for (int i = top; i <= top + 1; i++)
                for (int j = left; j <= left + 1; j++) {
                    if (i < 0 || i >= HEIGHT || j < 0 || j >= WIDTH) continue;
                    float share = (1.0f - fabsf(row - i)) * (1.0f - fabsf(column - j)) / 255.0f;
                    for (int c = 0; c < CHANNELS; c++) out[c] += share * image[(i * WIDTH + j) * CHANNELS + c];
                }
        }
}

/* The kernel is [rows, columns, channels, filters]. */
static void conv2d(const float *in, float *out, const float *kernel, const float *bias, Window w) {
    for (int y = 0; y < w.out_height; y++)
        for (int x = 0; x < w.out_width; x++, out += w.filters) {
            for (int f = 0; f < w.filters; f++) out[f] = bias ? bias[f] : 0.0f;
            for (int i = 0; i < w.rows; i++)
                for (int j = 0; j < w.columns; j++) {
                    int row = y * w.down + i - w.top, column = x * w.right + j - w.left;
                    if (row < 0 || row >= w.height || column < 0 || column >= w.width) continue;
                    const float *pixel = in + (row * w.width + column) * w.channels;
                    const float *k = kernel + (i * w.columns + j) * w.channels * w.filters;
                    for (int c = 0; c < w.channels; c++, k += w.filters)
                        for (int f = 0; f < w.filters; f++) out[f] += pixel[c] * k[f];
                }
        }
}

static void max_pool(const float *in, float *out, Window w) {
    for (int y = 0; y < w.out_height; y++)
        for (int x = 0; x < w.out_width; x++, out += w.channels)
            for (int c = 0; c < w.channels; c++) {
                out[c] = -INFINITY;
                for (int i = 0; i < w.rows; i++)
                    for (int j = 0; j < w.columns; j++) {
                        int row = y * w.down + i - w.top, column = x * w.right + j - w.left;
                        if (row < 0 || row >= w.height || column < 0 || column >= w.width) continue;
                        float here = in[(row * w.width + column) * w.channels + c];
                        if (here > out[c]) out[c] = here;
                    }
            }
}

/* What lies beyond the map is not counted. */
static void mean_pool(const float *in, float *out, Window w) {
    for (int y = 0; y < w.out_height; y++)
        for (int x = 0; x < w.out_width; x++, out += w.channels)
            for (int c = 0; c < w.channels; c++) {
                float sum = 0.0f;
                int count = 0;
                for (int i = 0; i < w.rows; i++)
                    for (int j = 0; j < w.columns; j++) {
                        int row = y * w.down + i - w.top, column = x * w.right + j - w.left;
                        if (row < 0 || row >= w.height || column < 0 || column >= w.width) continue;
                        sum += in[(row * w.width + column) * w.channels + c];
                        count++;
                    }
                out[c] = sum / count;
            }
}

/* The kernel is [inputs, units]. */
static void dense(const float *in, float *out, const float *kernel, const float *bias, int inputs, int units) {
    for (int u = 0; u < units; u++) out[u] = bias ? bias[u] : 0.0f;
    for (int n = 0; n < inputs; n++, kernel += units)
        for (int u = 0; u < units; u++) out[u] += in[n] * kernel[u];
}

static void batch_norm(float *values, const float *scale, const float *offset, int count, int channels) {
    for (int n = 0; n < count; n++, values += channels)
        for (int c = 0; c < channels; c++) values[c] = values[c] * scale[c] + offset[c];
}

static void softmax(float *values, int count, int channels) {
    for (int n = 0; n < count; n++, values += channels) {
        float greatest = values[0], sum = 0.0f;
        for (int c = 1; c < channels; c++) if (values[c] > greatest) greatest = values[c];
        for (int c = 0; c < channels; c++) sum += values[c] = expf(values[c] - greatest);
        for (int c = 0; c < channels; c++) values[c] /= sum;
    }
}

static void relu(float *values, int count) {
    for (int n = 0; n < count; n++) if (values[n] < 0.0f) values[n] = 0.0f;
}

static void leaky_relu(float *values, int count) {
    for (int n = 0; n < count; n++) if (values[n] < 0.0f) values[n] *= 0.2f;
}

static void gelu(float *values, int count) {
    for (int n = 0; n < count; n++) values[n] *= 0.5f * (1.0f + erff(values[n] * 0.70710678f));
}

static void silu(float *values, int count) {
    for (int n = 0; n < count; n++) values[n] /= 1.0f + expf(-values[n]);
}

static void hyperbolic_tangent(float *values, int count) {
    for (int n = 0; n < count; n++) values[n] = tanhf(values[n]);
}

static void sigmoid(float *values, int count) {
    for (int n = 0; n < count; n++) values[n] = 1.0f / (1.0f + expf(-values[n]));
}
