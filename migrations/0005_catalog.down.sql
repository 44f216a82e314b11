DROP TABLE product_images, products, uploads;
